"""How figures are told to Prometheus: families in, bytes of one of its three formats out."""
