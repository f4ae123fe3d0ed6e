//! Observations and matches in, alerts out: policy, memory, rules.
