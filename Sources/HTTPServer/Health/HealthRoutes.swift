package import FlotillaHTTPRouting

/// `/health/live`, `/health/ready`, and `/health`, which answers as readiness does; open to everyone.
package struct HealthRoutes: Sendable {
    private let readiness: Readiness

    package init(_ readiness: Readiness) { self.readiness = readiness }

    package var routes: [Route] {
        [
            Route(
                "GET",
                "/health/live",
                access: .open,
                summary: "Whether the process answers at all.",
                answers: [.of(200, "It does.", Schemas.liveness)],
                handler: { _ in Envelope.success("{\"status\":\"alive\"}") }
            ),
            readiness("/health/ready", "Whether what the process needs is there."),
            readiness("/health", "The same as /health/ready."),
        ]
    }

    private func readiness(_ path: String, _ summary: String) -> Route {
        Route(
            "GET",
            path,
            access: .open,
            summary: summary,
            answers: [
                .of(200, "All that is needed is up.", Schemas.readiness),
                .of(503, "Something needed is down.", Schemas.readiness),
            ],
            handler: ready
        )
    }

    private func ready(_ call: Call) async -> HTTPResponse {
        let report = await readiness.report()
        var data = JSONObject()
        data.add("status", report.status.rawValue)
        data.add(
            "dependencies",
            jsons: report.dependencies.map { dependency in
                var object = JSONObject()
                object.add("name", dependency.name)
                object.add("status", dependency.isUp ? "up" : "down")
                object.add("needed", dependency.isNeeded)
                object.add("latencyMs", (dependency.latency / .milliseconds(1) * 1_000).rounded() / 1_000)
                if let problem = dependency.problem { object.add("problem", problem) }
                return object.closed
            }
        )
        guard report.status == .unavailable else { return Envelope.success(data.closed) }
        var headers = HTTPHeaders()
        headers.add("Retry-After", "2")
        return HTTPResponse(status: 503, json: "{\"success\":false,\"data\":\(data.closed)}", headers: headers)
    }
}
