"""The report: one HTML page that shows an answer, the data behind it and the model, and needs no network."""

from avici_jl.report.html import write_report

__all__ = ["write_report"]
