import FlotillaModules
import FlotillaCommandLineKit
import FlotillaOperations
import FlotillaPlatform
import FoundationEssentials

/// `flotilla doctor`: is everything there, and as it should be?
enum DoctorCommand {
    static let all = Command(
        "doctor",
        "Checks the dependencies and shows the configuration",
        takes: [OutputFormat.option],
        details: "Exits with 1 when something is wrong: a server is out, no worker runs, the broker has an alarm, a "
            + "breaker is open. Whether queues.yaml and the broker agree is shown by: flotilla topology verify",
        examples: ["flotilla doctor", "flotilla doctor --output json"]
    ) { invocation in
        let configuration = try invocation.configuration()
        var findings = await Doctor(configuration).examine()
        if let finding = await invocation.program.writeFinding(configuration) { findings.append(finding) }
        if let finding = await invocation.program.schemaFinding(configuration) { findings.append(finding) }
        findings += await configuration.heldQueueFindings()
        findings += await configuration.sessionFindings()
        findings += await UndeliveredFindings.examine(configuration)
        findings += await PublisherFindings.examine(configuration)
        findings += await FleetFindings.examine(configuration)
        for domain in invocation.program.domains(configuration) { findings += await domain.findings() }
        let mistakes = await invocation.program.mistakes(configuration)
        findings += mistakes.map {
            DoctorFinding("settings", .bad, $0, remedy: "the API and the workers start with none such")
        }
        let settings = invocation.program.settings.map { setting in
            Report.Setting(
                name: setting.name,
                value: configuration.display(of: setting),
                source: configuration.source(of: setting),
                meaning: setting.meaning
            )
        }
        let console = invocation.console
        if invocation[OutputFormat.option] == .json {
            console.print(try JSONText.encode(Report(findings: findings, settings: settings)))
        } else {
            let table = Table(
                ["setting", "value", "from", "meaning"],
                settings.map { [$0.name, $0.value, $0.source.rawValue, $0.meaning] }
            )
            console.print(table.rendered(width: console.width, colours: console.hasColours) + "\n")
            for finding in findings { console.print(line(for: finding, colours: console.hasColours)) }
        }
        return findings.contains { $0.verdict == .bad } ? .failed : .done
    }

    private struct Report: Encodable {
        struct Setting: Encodable {
            let name: String
            let value: String
            let source: Configuration.Source
            let meaning: String
        }

        let findings: [DoctorFinding]
        let settings: [Setting]
    }

    private static func line(for finding: DoctorFinding, colours: Bool) -> String {
        let (mark, style): (String, Style) =
            switch finding.verdict {
            case .good: ("✓", .green)
            case .doubtful: ("!", .yellow)
            case .bad: ("✗", .red)
            }
        let remedy = finding.remedy.map { "; \($0)" } ?? ""
        let text = "\(finding.subject): \(finding.detail)\(remedy)".showingTextControls()
        return "\(style.apply(mark, colours)) \(text)"
    }
}
