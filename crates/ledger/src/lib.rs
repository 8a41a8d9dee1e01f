//! Tamper-evident log: salted commitments, tree, checkpoints, proofs.
