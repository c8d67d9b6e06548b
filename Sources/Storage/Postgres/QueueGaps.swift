import FlotillaModels

/// Queues that were lost with what lay in them, and from when on something may be missing.
package enum QueueGaps {
    /// Notes the losses, before the queues are declared again. One that is open already begins anew.
    ///
    /// A queue without a mark has never been there as far as anybody knows, so it has lost nothing. One that has been
    /// declared since the loss was met is another process's, which met the same loss first.
    ///
    /// - Parameter queues: each with how long ago its loss was met.
    package static func lost(_ queues: [(name: String, age: Duration)]) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO queue_gaps (queue, since)
            -- A mark from after the loss was made before the loss could be noted.
            SELECT name, CASE
                WHEN mark < met_at THEN mark
                WHEN drained_before < met_at THEN drained_before
                ELSE met_at - interval '10 seconds' END
            FROM (
                SELECT name, coalesce(drained_at, seen_at) AS mark, drained_before,
                    now() - milliseconds * interval '1 ms' AS met_at
                FROM unnest($1, $2) AS lost (name, milliseconds) JOIN queue_marks ON queue_marks.queue = name
            ) AS lost
            WHERE NOT EXISTS (SELECT FROM queue_gaps WHERE queue = name AND declared_at > met_at)
            ORDER BY name
            ON CONFLICT (queue) WHERE finished_at IS NULL
            DO UPDATE SET declared_at = NULL, claimed_until = NULL, claimed_by = NULL, is_unbound = false,
                since = least(queue_gaps.since, excluded.since)
            """,
            [.textArray(queues.map(\.name)), .intArray(queues.map { Int64($0.age.milliseconds) })]
        )
    }

    /// The same for queues that have lost nothing so far, but get nothing until they are bound again.
    package static func unbound(_ queues: [String]) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO queue_gaps (queue, since, is_unbound)
            SELECT name, now() - interval '10 seconds', true FROM unnest($1) AS unbound (name) ORDER BY name
            ON CONFLICT (queue) WHERE finished_at IS NULL
            DO UPDATE SET declared_at = NULL, claimed_until = NULL, claimed_by = NULL
            """,
            [.textArray(queues)]
        )
    }

    /// The queues are there, with their bindings.
    package static func declared(_ queues: [String]) -> SQLStatement {
        SQLStatement(
            """
            UPDATE queue_gaps SET declared_at = now()
            WHERE queue = ANY ($1) AND finished_at IS NULL AND declared_at IS NULL
            """,
            [.textArray(queues)]
        )
    }

    /// Notes which queues exist, and which of them hold nothing ready.
    ///
    /// - Parameter age: how long ago that was seen, at least.
    package static func mark(existing: [String], drained: [String], age: Duration) -> [SQLStatement] {
        [
            SQLStatement(
                """
                INSERT INTO queue_marks (queue) SELECT name FROM unnest($1) AS name ORDER BY name
                ON CONFLICT (queue) DO NOTHING
                """,
                [.textArray(existing)]
            ),
            // Rows that another process holds are being marked; and a lost queue's mark stays until it is replayed.
            SQLStatement(
                """
                UPDATE queue_marks SET drained_before = drained_at, drained_at = now() - $2 * interval '1 second'
                WHERE queue = ANY (ARRAY(
                    SELECT queue FROM queue_marks WHERE queue = ANY ($1)
                        AND coalesce(drained_at, 'epoch') < now() - ($2 + 3) * interval '1 second'
                        AND NOT EXISTS (SELECT FROM queue_gaps
                            WHERE queue_gaps.queue = queue_marks.queue AND finished_at IS NULL)
                    ORDER BY queue FOR UPDATE SKIP LOCKED))
                """,
                [.textArray(drained), .double(age.seconds)]
            ),
        ]
    }
}

/// A queue that was lost, whose replay this process has taken on.
package struct QueueGap: Sendable {
    package let id: Int64
    package let queue: String
    /// When the queue was known to hold nothing ready; microseconds since 1970, like all times here.
    package let since: Int64
    package let declaredAt: Int64
    /// Whether the queue kept what it held, and got nothing for a while.
    package let isUnbound: Bool

    init?(_ row: SQLRow) {
        guard let id = row.int(0), let queue = row.text(1), let since = row.timestamp(2), let end = row.timestamp(3)
        else { return nil }
        (self.id, self.queue, self.since, declaredAt) = (id, queue, since, end)
        isUnbound = row.bool(4) ?? false
    }
}

extension QueueGaps {
    /// Takes the gaps that are open, whose queues are there again, and that no process works on; see ``QueueGap``.
    ///
    /// - Parameter process: who takes them, for a minute; ``stillHeld(_:by:)`` prolongs it.
    package static func claim(by process: String) -> SQLStatement {
        SQLStatement(
            """
            UPDATE queue_gaps SET claimed_until = now() + interval '60 seconds', claimed_by = $1
            WHERE id = ANY (ARRAY(
                SELECT id FROM queue_gaps
                WHERE finished_at IS NULL AND (claimed_until IS NULL OR claimed_until < now())
                    AND (declared_at IS NOT NULL OR noticed_at < now() - interval '60 seconds')
                ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED))
            RETURNING id, queue, since, coalesce(declared_at, now()), is_unbound
            """,
            [.text(process)]
        )
    }

    package static func claimed(_ result: SQLResult) -> [QueueGap] { result.compactMap { QueueGap($0) } }

    /// Prolongs claims; gives the ids of those that are not lost, since their queues were lost again.
    package static func stillHeld(_ gaps: [QueueGap], by process: String) -> SQLStatement {
        SQLStatement(
            """
            UPDATE queue_gaps SET claimed_until = now() + interval '60 seconds'
            WHERE id = ANY ($1) AND claimed_by = $2 AND finished_at IS NULL RETURNING id
            """,
            [.intArray(gaps.map(\.id)), .text(process)]
        )
    }

    /// Leaves the gaps for another try, of whichever process, in a few seconds.
    package static func giveBack(_ gaps: [QueueGap], by process: String) -> SQLStatement {
        SQLStatement(
            """
            UPDATE queue_gaps SET claimed_until = now() + interval '5 seconds'
            WHERE id = ANY ($1) AND claimed_by = $2 AND finished_at IS NULL
            """,
            [.intArray(gaps.map(\.id)), .text(process)]
        )
    }

    /// - Parameters:
    ///   - leftOut: how many can't be replayed.
    ///   - note: for people; empty when there is nothing to tell.
    ///   - isKept: whether it stays on record for ever.
    package static func finished(
        _ gaps: [QueueGap],
        by process: String,
        replayed: Int,
        leftOut: Int,
        note: String,
        isKept: Bool = false
    ) -> SQLStatement {
        SQLStatement(
            """
            UPDATE queue_gaps SET finished_at = now(), replayed = $3, left_out = $4, note = $5, is_kept = $6
            WHERE id = ANY ($1) AND claimed_by = $2 AND finished_at IS NULL
            """,
            [
                .intArray(gaps.map(\.id)), .text(process), .int(Int64(replayed)), .int(Int64(leftOut)), .text(note),
                .bool(isKept),
            ]
        )
    }

    /// Deletes up to `limit` losses that were dealt with 90 days ago, but for those that are kept.
    package static func prune(limit: Int) -> SQLStatement {
        SQLStatement(
            """
            DELETE FROM queue_gaps WHERE id = ANY (ARRAY(
                SELECT id FROM queue_gaps
                WHERE finished_at IS NOT NULL AND NOT is_kept AND noticed_at < now() - interval '90 days'
                ORDER BY noticed_at LIMIT $1))
            """,
            [.int(Int64(limit))]
        )
    }

    /// What is open, and what the last 30 days have left behind for good: queue, since, until, whether it is open, how many
    /// were left out, note.
    package static let toTell = SQLStatement(
        """
        SELECT queue, since, coalesce(declared_at, noticed_at), finished_at IS NULL, left_out, coalesce(note, '')
        FROM queue_gaps
        WHERE finished_at IS NULL OR (left_out > 0 OR note <> '') AND noticed_at > now() - interval '30 days'
        ORDER BY id DESC LIMIT 50
        """
    )

    /// The losses that are kept, the newest first, with the columns of ``toTell``.
    package static let kept = SQLStatement(
        """
        SELECT queue, since, coalesce(declared_at, noticed_at), false, left_out, coalesce(note, '')
        FROM queue_gaps WHERE is_kept ORDER BY id DESC LIMIT 1000
        """
    )

    /// A query that gives when the queue `$1` was last there again after it was lost with what lay in it; NULL if never.
    package static let lastLoss = """
        SELECT max(declared_at) FROM queue_gaps WHERE queue = $1 AND NOT is_unbound
        """

    /// When the queue was last known to hold nothing ready, or was first seen.
    package static func mark(of queue: String) -> SQLStatement {
        SQLStatement(
            "SELECT drained_at, coalesce(drained_at, seen_at) FROM queue_marks WHERE queue = $1",
            [.text(queue)]
        )
    }
}
