"""What is promised about delivery, searched for a counterexample."""
