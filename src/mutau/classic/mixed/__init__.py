"""Generalised linear mixed models of counts by maximum likelihood; see `fits`."""
