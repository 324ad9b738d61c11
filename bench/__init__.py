"""The harness: the commands as modules, and a package for each part behind them."""
