"""Reports: figures, tables and observations, pure functions of the stored rows. Nothing here runs a method."""
