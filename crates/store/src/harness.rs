//! What every test of a query needs.
