"""Clients that load a server from a process of their own, cheaply enough not to be what is measured."""
