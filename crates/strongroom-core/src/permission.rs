//! What a key or a connection may do.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::id::Malformed;
use crate::text_enum::text_enum;

text_enum! {
    /// A right on `/v2/access/*`. A call needs it on both the key and the connection.
    Permission {
        /// See media, and fetch originals.
        VaultRead = "vault:read",
        /// Upload and change media.
        VaultWrite = "vault:write",
        /// See release forms and people.
        ProfileRead = "profile:read",
        /// Create and change release forms and people.
        ProfileWrite = "profile:write",
    }
}

text_enum! {
    /// A right of a key on a whole family of calls.
    Scope {
        /// The `/v2/account/*` and `/v2/vault-plus/*` calls.
        Account = "ACCOUNT",
    }
}

/// A set of permissions or scopes; as text, its words sorted and separated by one space.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Grants<T: Ord>(BTreeSet<T>);

impl<T: Ord + Copy> Grants<T> {
    /// Whether `right` is in the set.
    #[must_use]
    pub fn contains(&self, right: T) -> bool {
        self.0.contains(&right)
    }

    /// The rights, sorted.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter().copied()
    }
}

impl Grants<Permission> {
    /// Every permission there is.
    #[must_use]
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }
}

impl Grants<Scope> {
    /// Every scope there is.
    #[must_use]
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }
}

impl<T: Ord> FromIterator<T> for Grants<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rights: I) -> Self {
        Self(rights.into_iter().collect())
    }
}

impl<T: Ord + fmt::Display> fmt::Display for Grants<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, right) in self.0.iter().enumerate() {
            write!(f, "{}{right}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl<T: Ord + FromStr<Err = Malformed>> FromStr for Grants<T> {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        text.split_whitespace().map(str::parse).collect::<Result<BTreeSet<T>, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_round_trip_as_words() {
        let all = Grants::<Permission>::all();
        assert_eq!(all.to_string(), "vault:read vault:write profile:read profile:write");
        assert_eq!(all.to_string().parse::<Grants<Permission>>().unwrap(), all);
        assert!("vault:fly".parse::<Grants<Permission>>().is_err());
        assert!(!"".parse::<Grants<Permission>>().unwrap().contains(Permission::VaultRead));
    }
}
