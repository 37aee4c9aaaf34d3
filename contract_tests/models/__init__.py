"""The generated models read and write what the specs allow, in every encoding, and refuse all else."""
