"""The files that a record can be had as."""
