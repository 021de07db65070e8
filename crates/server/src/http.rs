//! What all routes share: who asks, which origins, bodies, errors, streams.

pub(crate) mod asker;
pub(crate) mod body;
pub(crate) mod cors;
pub(crate) mod error;
pub(crate) mod guard;
pub(crate) mod live;
pub(crate) mod openai;
pub(crate) mod pages;
pub(crate) mod request;
pub(crate) mod screen;
