//! Alerts, observations and health in, records out, to the SOC.
