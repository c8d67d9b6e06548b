/// When a job's effect was committed, which from then on keeps the job from being cancelled.
///
/// The state does not tell: a job whose effect is committed may still fail, be tried again, and die.
enum JobEffectsMigration {
    static let sql = "ALTER TABLE jobs ADD COLUMN effect_at timestamptz;"
}
