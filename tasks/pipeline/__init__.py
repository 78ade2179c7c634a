"""How any stage is carried out: fingerprint, resume, workers, locking, publishing. Decides no byte of a result."""
