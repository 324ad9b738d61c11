"""This machine: files that appear whole, locks, CPUs and memory."""
