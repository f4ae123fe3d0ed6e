//! Fuzz bodies: each takes any octets and asserts something.
