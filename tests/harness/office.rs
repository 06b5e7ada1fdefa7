//! A person signed in at the console: a cookie, and what addresses tell it.

use std::io::{BufRead as _, BufReader};
use std::sync::mpsc;

use reqwest::blocking::{Client, RequestBuilder};
use serde_json::Value;

use crate::server::{Server, SignIn};

/// One sign-in.
pub struct Office {
    address: String,
    client: Client,
    cookie: String,
}

impl Office {
    /// Signs in with a code of the demonstration.
    pub fn sign_in(server: &Server, sign_in: &SignIn) -> Self {
        // a tablet's connections choose the provider of TLS, without which there is no client
        drop(server.client());
        let (address, client) = (server.address().to_owned(), Client::new());
        let body = serde_json::json!({ "code": sign_in.code });
        let answer = client.post(format!("{address}/v1/login")).json(&body).send().unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().unwrap());
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { address, client, cookie }
    }

    /// The same sign-in by another way to the server.
    #[must_use]
    pub fn through(mut self, address: &str) -> Self {
        address.clone_into(&mut self.address);
        self
    }

    /// Lines of an answer, as they come.
    pub fn lines(&self, path: &str) -> mpsc::Receiver<String> {
        let client = Client::builder().timeout(None).build().unwrap();
        let request = client.get(format!("{}{path}", self.address)).header("cookie", &self.cookie);
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let answer = request.send().unwrap();
            assert!(answer.status().is_success(), "{}", answer.status());
            for line in BufReader::new(answer).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        receiver
    }

    /// What an address tells; else the refusal.
    pub fn ask(&self, path: &str) -> Result<Value, Value> {
        self.send(self.client.get(format!("{}{path}", self.address)))
    }

    /// What an address tells.
    pub fn get(&self, path: &str) -> Value {
        self.ask(path).unwrap_or_else(|refusal| panic!("{path}: {refusal}"))
    }

    /// Does something; the answer.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let sent = self.send(self.client.post(format!("{}{path}", self.address)).json(body));
        sent.unwrap_or_else(|refusal| panic!("{path}: {refusal}"))
    }

    fn send(&self, request: RequestBuilder) -> Result<Value, Value> {
        let answer = request.header("cookie", &self.cookie).send().unwrap();
        let fine = answer.status().is_success();
        let body = answer.json().unwrap();
        if fine { Ok(body) } else { Err(body) }
    }
}
