//! Observations as octets, between sensors and analysts.
