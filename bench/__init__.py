"""The harness: data, filters, ground truth, runner, store, figures."""
