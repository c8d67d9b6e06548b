/// A dead letter as it is stored.
package struct StoredDeadLetter: Sendable, Hashable {
    package var filing: DeadLetter.Filing
    package var deadLetter: DeadLetter
}
