import FlotillaHTTPServer
import Testing

struct MetricsTextTests {
    private static let own =
        "# HELP a A.\n# TYPE a counter\na 1\n# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_sum 3\n"

    @Test func `without others the text is the process's own`() {
        #expect(MetricsText.merged(Self.own, []) == Self.own)
    }

    @Test func `each metric is one group, and lines of others are labelled`() {
        let worker =
            "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 4\nh_sum 5\n# HELP w W.\n# TYPE w gauge\nw 6\n"
        #expect(
            MetricsText.merged(Self.own, [("worker", worker), ("gone", nil)]) == """
                # HELP a A.
                # TYPE a counter
                a 1
                # HELP flotilla_process_up 1 while another process of the fleet, named by its label, shows its metrics here.
                # TYPE flotilla_process_up gauge
                flotilla_process_up{process="worker"} 1
                flotilla_process_up{process="gone"} 0
                # HELP h H.
                # TYPE h histogram
                h_bucket{le="1"} 2
                h_sum 3
                h_bucket{process="worker",le="1"} 4
                h_sum{process="worker"} 5
                # HELP w W.
                # TYPE w gauge
                w{process="worker"} 6

                """
        )
    }

    @Test func `open breakers are read from a process's metrics`() {
        let metrics = """
            # TYPE flotilla_breaker_open gauge
            flotilla_breaker_open{dependency="postgres"} 0.0
            flotilla_breaker_open{dependency="redis"} 1.0
            flotilla_breaker_open{dependency="smtp"} 1
            """
        #expect(MetricsPeer.openBreakers(in: metrics) == ["redis", "smtp"])
    }
}
