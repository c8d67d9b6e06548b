import FlotillaTelemetry

/// The metrics of one queue, looked up once.
struct QueueMetrics: Sendable {
    let completed: Counter
    let retried: Counter
    let deadLettered: Counter
    let snoozed: Counter
    let cancelled: Counter
    let withoutID: Counter
    let timedOut: Counter
    let abandoned: Counter
    let suspected: Counter
    let slow: Counter
    let inFlight: Gauge
    let slots: Gauge
    let held: Gauge
    let duration: Histogram
    let latency: Histogram

    init(_ metrics: Metrics, queue: String, worker: String) {
        let labels: KeyValuePairs = ["queue": queue, "worker": worker]
        completed = metrics.counter("flotilla_jobs_completed_total", "Messages handled with success.", labels)
        retried = metrics.counter("flotilla_jobs_retried_total", "Failed executions that will be tried again.", labels)
        deadLettered = metrics.counter(
            "flotilla_jobs_dead_lettered_total",
            "Messages put into their dead-letter queue.",
            labels
        )
        cancelled = metrics.counter(
            "flotilla_jobs_cancelled_total",
            "Handlers that have ended since their jobs were cancelled.",
            labels
        )
        snoozed = metrics.counter("flotilla_jobs_snoozed_total", "Messages put off without a failure.", labels)
        withoutID = metrics.counter(
            "flotilla_messages_without_id_total",
            "Messages without a message id, whose duplicates can't be told.",
            labels
        )
        timedOut = metrics.counter("flotilla_jobs_timed_out_total", "Executions over their time limit.", labels)
        abandoned = metrics.counter(
            "flotilla_jobs_abandoned_total",
            "Executions given up because they ignored their cancellation.",
            labels
        )
        suspected = metrics.counter(
            "flotilla_jobs_run_alone_total",
            "Messages run alone because a process died while they ran.",
            labels
        )
        slow = metrics.counter(
            "flotilla_jobs_slow_total",
            "Executions that Postgres did not finish in time, or in a batch over its time limit: tried again without an attempt.",
            labels
        )
        inFlight = metrics.gauge("flotilla_jobs_in_flight", "Messages being handled now.", labels)
        slots = metrics.gauge("flotilla_worker_slots", "How many executions can run at a time.", labels)
        held = metrics.gauge(
            "flotilla_queue_held",
            "1 while the queue waits because the database lacks what its worker needs.",
            labels
        )
        duration = metrics.histogram(
            "messaging_process_duration_seconds",
            "How long an execution took; a batch counts as one.",
            labels
        )
        latency = metrics.histogram(
            "flotilla_job_queue_latency_seconds",
            "From a message's timestamp (whole seconds) to its start.",
            labels
        )
    }
}
