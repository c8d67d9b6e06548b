/// The mark before the last one, for a loss that is noted after its queue is there again.
enum QueueMarkBeforeMigration {
    static let sql = "ALTER TABLE queue_marks ADD COLUMN drained_before timestamptz;"
}
