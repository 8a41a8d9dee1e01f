//! The stream that carries key state to gates: frames, acknowledgements, and what a gate does with them.
