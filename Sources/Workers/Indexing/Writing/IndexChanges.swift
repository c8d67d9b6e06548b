/// What is to be written of a batch.
struct IndexChanges {
    var records: [IndexStatements.Write] = []
    var index: [IndexedChange] = []
}
