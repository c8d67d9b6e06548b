/// What one check of the doctor found.
package struct DoctorFinding: Sendable, Encodable {
    package enum Verdict: String, Sendable, Encodable {
        case good = "ok"
        case doubtful = "warning"
        case bad = "failed"
    }

    package let subject: String
    package let verdict: Verdict
    package let detail: String
    /// What to do; nil when all is well.
    package let remedy: String?

    package init(_ subject: String, _ verdict: Verdict, _ detail: String, remedy: String? = nil) {
        (self.subject, self.verdict, self.detail, self.remedy) = (subject, verdict, detail, remedy)
    }
}
