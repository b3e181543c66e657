//! Connections, and the two worlds they live in.

use crate::text_enum::text_enum;

text_enum! {
    /// Whether a connection may be used.
    ConnectionStatus {
        /// It may.
        Active = "active",
        /// It was invalidated; its record stays.
        Expired = "expired",
        /// It waits for a second factor.
        Awaiting2fa = "awaiting_2fa",
    }
}

text_enum! {
    /// Live or sandbox. Keys of one never see connections of the other.
    Environment {
        /// Real data.
        Live = "live",
        /// Data to try things with.
        Sandbox = "sandbox",
    }
}
