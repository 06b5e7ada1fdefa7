//! The server's tests, in one binary: every endpoint in process, and what must never happen.

#[cfg(test)]
mod broad;
#[cfg(test)]
mod brought_back;
#[cfg(test)]
mod closings;
#[cfg(test)]
mod cold;
#[cfg(test)]
mod day_pass;
#[cfg(test)]
mod decisions;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod http_export;
#[cfg(test)]
mod http_identity;
#[cfg(test)]
mod http_other;
#[cfg(test)]
mod http_sync;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod lines;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod names;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod people;
#[cfg(test)]
mod possession;
#[cfg(test)]
mod pressure;
#[cfg(test)]
mod repair;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod scopes;
#[cfg(test)]
mod signin;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tablets;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod worlds;
