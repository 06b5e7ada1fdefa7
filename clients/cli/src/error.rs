//! What can go wrong, in words that say what to do. Causes stay attached for whoever looks closer.

use crate::case::CaseError;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// No tablet has been enrolled here.
    #[error(
        "{server} にこの端末（{tablet}）はまだ登録されていません。次を実行してください: tsudoi enrol --server {server} --code コード"
    )]
    NotEnrolled {
        /// Address of the server.
        server: String,
        /// Name of the tablet.
        tablet: String,
    },
    /// Several servers are known and none was chosen.
    #[error("サーバーを選べません。--server URL を付けてください（登録済み: {0}）")]
    WhichServer(String),
    /// No server is known.
    #[error("登録済みの端末がありません。tsudoi enrol --server URL --code コード を実行してください")]
    NoServer,
    /// The address cannot be used.
    #[error("サーバーの場所「{0}」を読めません。http:// か https:// で始まる形で書いてください")]
    ServerAddress(String),
    /// The state folder cannot be used.
    #[error("端末の保存場所 {path} を使えません: {source}。空き容量と書き込みの許可を確かめてください")]
    Folder {
        /// Which path.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// No place for the state folder is known.
    #[error("保存場所が決まりません。--home フォルダ を付けるか、TSUDOI_HOME を設定してください")]
    NoHome,
    /// The tablet's store is in use or cannot be read.
    #[error("端末の記録 {path} を開けません: {cause}。別の tsudoi が動いていないか確かめて、もう一度実行してください")]
    Disk {
        /// Which file.
        path: String,
        /// Why.
        cause: String,
    },
    /// Something recorded could not be stored.
    #[error(
        "記録を端末に保存できませんでした。画面に出ていない入力は保存されていません。空き容量を確かめてもう一度実行してください"
    )]
    NotStored,
    /// The server cannot be reached.
    #[error(
        "サーバー {server} につながりません（{cause}）。記録は端末に残っています。通信を確かめて、後でもう一度実行してください"
    )]
    Unreachable {
        /// Address of the server.
        server: String,
        /// Why.
        cause: String,
    },
    /// The server refused a request.
    #[error("サーバーが受け付けませんでした: {detail}（{code}）")]
    Refused {
        /// Status of the answer.
        status: u16,
        /// Stable code.
        code: String,
        /// What the server says.
        detail: String,
    },
    /// The server's answer is not of the expected form.
    #[error("サーバーの答え（{what}）を読めません。サーバーと tsudoi の版が合っているか確かめてください")]
    Answer {
        /// Which answer.
        what: String,
    },
    /// Something is still not on the server.
    #[error(
        "まだ送れていない記録が {records} 件あります。端末に残っています。通信を確かめて tsudoi sync をもう一度実行してください"
    )]
    Unsent {
        /// How many records.
        records: usize,
    },
    /// The server keeps something aside.
    #[error("サーバーが預かっている記録が {records} 件あります。事務局の画面で受け入れを判断してください")]
    Held {
        /// How many records.
        records: usize,
    },
    /// This tablet and the server do not agree.
    #[error("端末とサーバーの記録がまだ一致していません。tsudoi sync をもう一度実行してください")]
    Differs,
    /// The record is not here.
    #[error("記録 {0} はこの端末にありません。tsudoi show で一覧を確かめてください")]
    NoRecord(String),
    /// What was asked makes no sense.
    #[error("{what}（{cause}）")]
    Input {
        /// What to do.
        what: String,
        /// Why.
        cause: String,
    },
    /// A case file is not of the form.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// No remembered credential fits.
    #[error("{0}")]
    Credential(String),
    /// No code, or none that does for loading.
    #[error(
        "{what}。サーバーの上で次を実行し、出たコードを --code に付けてください: tsudoi-server code --tenant {tenant} --role administrator --person 氏名 --organisation {tenant} --scope '*' --uses 4"
    )]
    LoaderCode {
        /// What is wrong with the one there is.
        what: String,
        /// The prefecture, two digits.
        tenant: String,
    },
    /// Standard output cannot be written.
    #[error("結果を書き出せませんでした（{0}）。書き出し先の空き容量を確かめてください")]
    Output(std::io::Error),
    /// The benchmark could not run.
    #[error("計測できませんでした: {0}")]
    Bench(String),
}

impl CliError {
    /// The process's exit code: 3 when something is still on its way, 1 otherwise.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unsent { .. } | Self::Held { .. } | Self::Differs => 3,
            _ => 1,
        }
    }

    /// An input that makes no sense, with why.
    pub fn input(what: impl Into<String>, cause: impl std::fmt::Display) -> Self {
        Self::Input { what: what.into(), cause: cause.to_string() }
    }
}
