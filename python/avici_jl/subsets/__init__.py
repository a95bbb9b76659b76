"""Many variables: which could cause which is guessed cheaply, then the network is asked about subsets that fit it."""
