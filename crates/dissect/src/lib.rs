//! Frames in, facts out: layers, flows, reassembly, protocols.
