struct BoundVariable: Sendable {
    let reference: Reference
    let filter: TextFilter?
    let escaping: Escaping
}
