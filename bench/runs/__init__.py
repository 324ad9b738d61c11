"""A run: one method on one workload. The order of events: config, plan, stages (child, worker, timing), rows, run."""
