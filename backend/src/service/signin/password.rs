//! Sign-in names and passwords, kept as argon2id hashes.
//!
//! Hashing takes 19 MB and a core for a while, so only so many run at once, on threads of their own; who finds no room
//! comes back. A name nobody has costs the same work as one somebody has.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use super::{App, From, Method, SignInError, SignedIn, begin, counted};
use crate::service::access::{Action, Caller};
use crate::service::attempts::network;
use crate::service::journal::{Act, Who};
use crate::service::secret::secret_hash;
use crate::store::signin::AccountRow;

const NAME_LETTERS: std::ops::RangeInclusive<usize> = 3..=64;
const LEAST_LETTERS: usize = 12;
/// Beyond this a password only costs time.
const MOST_LETTERS: usize = 256;
/// A password of fewer different letters is guessed soon.
const LEAST_DIFFERENT: usize = 5;
/// How long one waits for room.
const PATIENCE: Duration = Duration::from_secs(5);
/// KiB, passes and lanes: the first choice of OWASP for argon2id.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// What is compared with when nobody has the name: the hash of something nobody knows, of the same cost.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlz$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Where passwords are checked.
pub struct Passwords {
    room: Arc<Semaphore>,
}

impl Passwords {
    /// Checks so many at a time.
    pub fn new(at_once: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(at_once.max(1))) }
    }

    async fn on_a_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(Argon2<'static>) -> T + Send + 'static,
    ) -> Result<T, SignInError> {
        let room = tokio::time::timeout(PATIENCE, self.room.clone().acquire_owned()).await;
        let Ok(Ok(room)) = room else { return Err(SignInError::Busy) };
        let (memory, passes, lanes) = COST;
        let work = tokio::task::spawn_blocking(move || {
            let params = Params::new(memory, passes, lanes, None).unwrap_or(Params::DEFAULT);
            let outcome = work(Argon2::new(Algorithm::Argon2id, Version::V0x13, params));
            drop(room);
            outcome
        });
        work.await.map_err(|_| SignInError::Busy)
    }

    /// Whether the password is the one the hash was made of.
    pub async fn verify(&self, password: &str, hash: &str) -> Result<bool, SignInError> {
        let (password, hash) = (password.to_owned(), hash.to_owned());
        self.on_a_thread(move |argon2| argon2.verify_password(password.as_bytes(), hash.as_str()).is_ok()).await
    }

    /// A new hash of a password.
    pub async fn hash(&self, password: &str) -> Result<String, SignInError> {
        let password = password.to_owned();
        let hash =
            self.on_a_thread(move |argon2| argon2.hash_password(password.as_bytes()).map(|hash| hash.to_string()));
        hash.await?.map_err(|_| SignInError::Busy)
    }
}

/// A sign-in name as people type it: full-width and capital letters are forgiven.
pub fn sign_in_name(text: &str) -> Option<String> {
    let half_width = |letter: char| match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        other => other,
    };
    let name: String = text.trim().chars().map(half_width).map(|letter| letter.to_ascii_lowercase()).collect();
    let letters = |letter: char| letter.is_ascii_alphanumeric() || ".-_@+".contains(letter);
    (NAME_LETTERS.contains(&name.chars().count()) && name.chars().all(letters)).then_some(name)
}

/// Signs a person in by name and password.
pub async fn sign_in(app: &App, from: &From, name: &str, password: &str) -> Result<SignedIn, SignInError> {
    let (tenant, person) = checked(app, from, name, password).await?;
    begin(app, from, Method::Password, &tenant, &person).await?.ok_or(SignInError::WrongPassword)
}

/// Whose name and password these are. Counts the attempt, by peer and by name.
async fn checked(app: &App, from: &From, name: &str, password: &str) -> Result<(String, String), SignInError> {
    counted(app, &app.sign_in.peers, from.peer)?;
    let name = sign_in_name(name);
    let key = secret_hash(name.as_deref().unwrap_or_default());
    if !app.sign_in.names.begin(key, app.now()) {
        return Err(SignInError::TooMany { retry_after_seconds: 900 });
    }
    let account = match &name {
        Some(name) => app.store.lookup_account(name).await?,
        None => None,
    };
    let hash = account.as_ref().map_or(NOBODY, |account| &account.password);
    let short: String = password.chars().take(MOST_LETTERS + 1).collect();
    let right = app.sign_in.passwords.verify(&short, hash).await?;
    let account = match account {
        Some(account) if right => account,
        Some(account) => {
            let who = Who::person(&account.tenant, &account.person);
            app.journal.note_refused(who, Act::refused(Action::SignIn, "wrong_password")).await;
            return Err(SignInError::WrongPassword);
        }
        None => return Err(SignInError::WrongPassword),
    };
    app.sign_in.peers.forgive(&network(from.peer));
    app.sign_in.names.forgive(&key);
    Ok((account.tenant, account.person))
}

/// Whether a person who is signed in knows their password.
pub async fn prove(app: &App, caller: &Caller, from: &From, password: &str) -> Result<(), SignInError> {
    let account = app.store.account_of(&caller.tenant, &caller.person).await?;
    let name = account.map_or(String::new(), |account| account.name);
    let (tenant, person) = checked(app, from, &name, password).await?;
    if (tenant, person) == (caller.tenant.clone(), caller.person.clone()) {
        Ok(())
    } else {
        Err(SignInError::WrongPassword)
    }
}

/// Gives the caller a sign-in name and a password. The caller has shown lately who they are.
pub async fn set(app: &App, caller: &Caller, name: &str, password: &str) -> Result<(), SignInError> {
    let name = sign_in_name(name).ok_or(SignInError::Name)?;
    strong_enough(&name, password)?;
    let row = AccountRow {
        name,
        tenant: caller.tenant.clone(),
        person: caller.person.clone(),
        password: app.sign_in.passwords.hash(password).await?,
        set_at: app.now().0,
    };
    if !app.store.set_account(&row).await? {
        return Err(SignInError::NameTaken);
    }
    Ok(app.journal.note(caller, Act::done(Action::EditOwn).to("password")).await?)
}

/// Length is what counts; rules about kinds of letters only make people write passwords down.
fn strong_enough(name: &str, password: &str) -> Result<(), SignInError> {
    let letters: Vec<char> = password.chars().collect();
    if letters.len() < LEAST_LETTERS {
        return Err(SignInError::Weak(
            "パスワードは12文字以上にしてください。言葉をいくつか並べると、長くても覚えられます。",
        ));
    }
    if letters.len() > MOST_LETTERS {
        return Err(SignInError::Weak("パスワードが長すぎます。256文字までにしてください。"));
    }
    let different: std::collections::BTreeSet<_> = letters.iter().collect();
    if different.len() < LEAST_DIFFERENT || password.to_lowercase().contains(name) {
        return Err(SignInError::Weak(
            "このパスワードは推測されやすいため使えません。利用者名を含まない、別の言葉の組み合わせにしてください。",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_has_the_hash_that_unknown_names_are_compared_with_and_it_costs_the_same() {
        let passwords = Passwords::new(1);
        let hash = passwords.hash("あさひ みどり かわべ うみ").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(NOBODY.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(argon2::password_hash::phc::PasswordHash::new(NOBODY).is_ok(), "it is computed, not refused unread");
        assert!(passwords.verify("あさひ みどり かわべ うみ", &hash).await.unwrap());
        assert!(!passwords.verify("あさひ みどり かわべ うみ", NOBODY).await.unwrap());
        assert!(!passwords.verify("", &hash).await.unwrap());
    }

    #[test]
    fn a_name_is_read_as_people_type_it() {
        assert_eq!(sign_in_name(" Ｙａｍａｄａ@Example.JP ").as_deref(), Some("yamada@example.jp"));
        for wrong in ["", "ab", "山田太郎", "a b c", "a\nbc", &"x".repeat(65)] {
            assert_eq!(sign_in_name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn weak_passwords_are_refused_with_what_to_do() {
        for weak in ["", "short", "aaaaaaaaaaaaaaaa", "my-yamada-password", &"x1y2z3".repeat(60)] {
            assert!(matches!(strong_enough("yamada", weak), Err(SignInError::Weak(_))), "{weak}");
        }
        strong_enough("yamada", "さくら ひかり でんしゃ").unwrap();
    }
}
