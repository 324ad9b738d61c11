"""This machine: its cache, locks, CPUs and memory."""
