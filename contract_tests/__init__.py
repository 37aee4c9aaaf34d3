"""The contract suite: specs, models and clients judged against the specs, as a user meets them."""
