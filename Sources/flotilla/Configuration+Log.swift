import FlotillaModules
import FlotillaOperations
import FlotillaTelemetry

extension Configuration {
    /// The log of a long-running process, as the settings have it; it begins with what is doubtful about them.
    func log(of service: String) -> Log {
        let threshold = self[Settings.logLevel].threshold
        let log = Log(service: service, threshold: threshold, writesRepeats: self[Settings.logRepeats])
        for warning in warnings { log.warning(warning) }
        return log
    }
}

extension LogLevel {
    fileprivate var threshold: Log.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
