//! What can be typed. Help texts are in the language of the people who use it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// 集いの記録を、画面のない端末として扱う道具。
#[derive(Debug, Parser)]
#[command(name = "tsudoi", version, about, long_about = None)]
pub struct Cli {
    /// 端末の保存場所（既定: ~/.local/share/tsudoi）
    #[arg(long, global = true, env = "TSUDOI_HOME", value_name = "フォルダ")]
    pub home: Option<PathBuf>,
    /// 端末の名前。1台の機械に複数の端末を置くとき
    #[arg(long, global = true, default_value = "default", value_name = "名前")]
    pub tablet: String,
    /// サーバーの場所。登録先が1つなら省けます
    #[arg(long, global = true, value_name = "URL")]
    pub server: Option<String>,
    /// 何をするか
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// この端末をサーバーに登録する
    Enrol(Enrol),
    /// 記録する（通信は要りません）
    Record(Box<Record>),
    /// サーバーと送り合う
    Sync(Json),
    /// 記録を見る
    Show(Show),
    /// 端末とサーバーの記録が同じかを照合する
    Digest(Json),
    /// 地域の1年の事例ファイルを、3台の端末で記録して送る
    LoadCase(LoadCase),
    /// 見本の1年（県内63市町村）を、端末で記録して送る
    LoadSynthetic(LoadSynthetic),
    /// サーバーを起動して測る
    #[command(hide = true)]
    Bench(Bench),
}

/// Arguments of `enrol`.
#[derive(Debug, Args)]
pub struct Enrol {
    /// 登録コード（XXXX-XXXX）
    #[arg(long)]
    pub code: String,
    /// 事務局の画面に出る端末名
    #[arg(long, default_value = "コマンド端末", value_name = "端末名")]
    pub name: String,
    /// 受け取る範囲（municipality:112119 など）。範囲を選べるコードのとき
    #[arg(long = "scope", value_name = "範囲")]
    pub scopes: Vec<String>,
    /// 登録済みでも登録し直す（送っていない記録がない場合だけ）
    #[arg(long)]
    pub again: bool,
}

/// Arguments of `record`.
#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true)]
pub struct Record {
    /// 記録の番号。新しい記録は new
    #[arg(value_name = "記録", required_unless_present = "json")]
    pub document: Option<String>,
    /// 標準入力から1行に1つの JSON を読む
    #[arg(long, conflicts_with = "document")]
    pub json: bool,
    /// new: 相談の記録にする
    #[arg(long)]
    pub consultation: bool,
    /// new: 種類（lecture など）
    #[arg(long)]
    pub activity: Option<String>,
    /// new: 日付（2026-11-21）
    #[arg(long)]
    pub date: Option<String>,
    /// new: 月（2026-11）
    #[arg(long)]
    pub month: Option<String>,
    /// new: 開始（13:30）
    #[arg(long)]
    pub start: Option<String>,
    /// new: 名称
    #[arg(long)]
    pub title: Option<String>,
    /// new: 会場
    #[arg(long)]
    pub venue: Option<String>,
    /// new: 場面
    #[arg(long)]
    pub occasion: Option<String>,
    /// new: 市町村（6桁の番号）
    #[arg(long)]
    pub municipality: Option<String>,
    /// new: 医師会の番号
    #[arg(long)]
    pub association: Option<String>,
    /// どう記録するか
    #[command(subcommand)]
    pub edit: Option<Edit>,
}

/// One edit of a record.
#[derive(Debug, Subcommand)]
pub enum Edit {
    /// 項目に値を入れる。値を省くと消す
    Set {
        /// 項目
        field: String,
        /// 値
        value: Option<String>,
    },
    /// 数える
    Count {
        /// 何を（attendance.band.70-74 など）
        measure: String,
        /// いくつ
        #[arg(allow_negative_numbers = true)]
        by: i64,
        /// 直す理由（undo, mistake, recount）
        #[arg(long)]
        reason: Option<String>,
    },
    /// 結び付ける（lecturer/… か noted/…）
    Link {
        /// 相手
        link: String,
    },
    /// 結び付けを外す
    Unlink {
        /// 相手
        link: String,
    },
    /// 文章を書く（outcome, issue, plan）
    Write {
        /// どの欄
        text: String,
        /// 全文
        value: String,
    },
    /// 状態を進める（held, cancelled など）
    Step {
        /// 状態
        state: String,
        /// 中止・延期の理由
        #[arg(long)]
        reason: Option<String>,
    },
}

/// Whether to print JSON.
#[derive(Debug, Args)]
pub struct Json {
    /// JSON で出す
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct Show {
    /// 記録の番号。省くと一覧
    #[arg(value_name = "記録")]
    pub document: Option<String>,
    /// JSON で出す
    #[arg(long)]
    pub json: bool,
    /// 記録を Automerge の保存形式でファイルに書き出す
    #[arg(long, value_name = "ファイル", requires = "document")]
    pub saved: Option<PathBuf>,
}

/// Arguments of `load-case`.
#[derive(Debug, Args)]
pub struct LoadCase {
    /// 事例ファイル
    #[arg(value_name = "ファイル")]
    pub file: PathBuf,
    /// 登録コード。一度使えば、同じサーバーでは省けます
    #[arg(long)]
    pub code: Option<String>,
}

/// Arguments of `load-synthetic`.
#[derive(Debug, Args)]
pub struct LoadSynthetic {
    /// 登録コード。一度使えば、同じサーバーでは省けます
    #[arg(long)]
    pub code: Option<String>,
    /// この日までを実施済みとして作る
    #[arg(long, default_value = "2026-11-20", value_name = "日付")]
    pub until: String,
}

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub struct Bench {
    /// 何を測るか
    #[arg(value_enum)]
    pub name: BenchName,
    /// tsudoi-server
    #[arg(long, value_name = "ファイル")]
    pub server_binary: PathBuf,
    /// どのデータベースで測るか
    #[arg(long, value_enum, default_value = "sqlite")]
    pub store: BenchStore,
    /// storm: 端末の数
    #[arg(long, default_value_t = 5_000)]
    pub tablets: usize,
    /// dashboard: 記録の数
    #[arg(long, default_value_t = 1_000_000)]
    pub sessions: usize,
}

/// A benchmark.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum BenchName {
    /// 1日分の同期
    SyncDay,
    /// 新しい端末
    ColdStart,
    /// 変わりがないときの同期
    IdleSync,
    /// 一斉の再接続
    Storm,
    /// 集計画面
    Dashboard,
    /// 1つの市町村への集中
    HotScope,
}

/// A database.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum BenchStore {
    /// SQLite
    Sqlite,
    /// PostgreSQL（一時的に起動する）
    Postgres,
}
