/// One attempt to bring a service to where it answers, whatever state it is found in.
struct ServiceStart {
    let service: any EmbeddedService
    let startTimeout: Duration
    let report: EmbeddedServices.Report

    /// - Returns: false when the service ran already.
    func perform() async throws -> Bool {
        let begin = ContinuousClock.now
        var launches = 0
        while true {
            var offset = service.process.logSize
            switch await service.state {
            case .running where launches == 0: return false
            case .running: break
            case .starting: tell("waiting for the one that is starting")
            case .remnants:
                tell("clearing what a killed server left")
                if await !service.process.isGone(within: .seconds(3)) { await service.process.killAll() }
                continue
            case .stopped:
                try await service.prepare(report: tell)
                offset = service.process.logSize
                tell("starting")
                try await service.launch()
                launches += 1
            }
            if try await isReady(since: begin, logOffset: offset) {
                try await service.complete()
                tell("ready after \(Self.seconds(ContinuousClock.now - begin))")
                return true
            }
            // It died. One that we did not launch ourselves, or whose port was taken meanwhile, gets another chance.
            let lines = service.process.logTail(after: offset)
            let isPortTaken = service.process.logTail(after: offset, lines: 200).contains { $0.contains("eaddrinuse") }
            guard launches == 0 || (isPortTaken && launches < 3) else {
                throw failure("ended while starting", lines)
            }
        }
    }

    /// False when the process dies first. One whose log grows is at work, recovering what was in it.
    private func isReady(since begin: ContinuousClock.Instant, logOffset: Int) async throws -> Bool {
        var deadline = StartDeadline(begin, quiet: startTimeout)
        var told = begin
        while deadline.isLeft(at: .now, logSize: service.process.logSize) {
            switch await service.state {
            case .running: return true
            case .stopped, .remnants: return false
            case .starting: try await Task.sleep(for: .milliseconds(20))
            }
            if ContinuousClock.now - told >= .seconds(30) {
                told = .now
                tell("still starting after \(Self.seconds(told - begin))")
            }
        }
        throw failure(
            "lives but does not answer after \(Self.seconds(ContinuousClock.now - begin))",
            service.process.logTail(after: logOffset)
        )
    }

    private func failure(_ what: String, _ lines: [String]) -> ServiceError {
        let log = lines.isEmpty ? "" : ": " + lines.joined(separator: " | ")
        return ServiceError(
            service.name,
            "\(service.name.title) \(what)\(log)",
            remedy: "see \(service.process.log), then: flotilla services restart \(service.name.rawValue)"
        )
    }

    private func tell(_ what: String) { report(service.name, what) }

    private static func seconds(_ duration: Duration) -> String {
        let tenths = Int((duration / .milliseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
