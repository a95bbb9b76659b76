"""The process: threads, memory, compilation, and the files that travel with the package."""
