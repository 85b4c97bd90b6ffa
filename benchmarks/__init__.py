"""How fast, and in how much memory: ratios against baselines measured in the same run."""
