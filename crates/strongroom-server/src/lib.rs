//! Strongroom's server: configuration, HTTP, services, jobs and delivery.
//!
//! A request goes `listener → http → services → catalog, store`; a job goes `jobs → render → catalog`. [`app`] puts the
//! pieces together and is the only file that names concrete ones.

pub mod app;
pub mod config;
mod delivery;
mod http;
mod jobs;
mod listener;
pub mod maintenance;
mod problem;
mod services;
pub mod telemetry;

pub use http::openapi_json;
