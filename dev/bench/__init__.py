"""`make bench`: how fast the module is at full size, figure by figure."""
