"""Stands in for Elasticsearch, as far as the index uses it, and is strict about requests.

    elasticsearch.py FOLDER [PORT]

Writes its port to FOLDER/port. What it does not like about a request is answered with status 418 and said in
FOLDER/complaints. FOLDER/answer, where it is, holds `{"status": 429}` for every request, or
`{"items": {"ID": 400, …}}` for single items of `_bulk`. FOLDER/bulks holds the number of `_bulk` requests so far, and
FOLDER/documents what the indexes hold. It ends when its standard input does.

Indexes are made by PUT alone, and written by alias with `require_alias` where documents are added; a `_bulk` by which the
real one would make an index of its own is complained about. Documents are kept with external versions and mappings with `dynamic: strict`, as the real one keeps them. Texts are
split into words and compared without their endings; scores are sums of the fields' weights.
"""
import json
import os
import re
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
os.chdir(folder)
lock = threading.Lock()
indexes = {}
# Which index each alias is of.
aliases = {}
bulks = 0
STOP = {"fr": {"de", "la", "le", "les", "l", "d", "et", "des", "du"}, "en": {"of", "the", "and", "a"}}


def write(name, text):
    with open(name + ".new", "w") as file:
        file.write(text)
    os.rename(name + ".new", name)


class Complaint(Exception):
    pass


class Refusal(Exception):
    def __init__(self, status, type_, reason):
        self.status, self.body = status, {"error": {"type": type_, "reason": reason}, "status": status}


def need(condition, what):
    if not condition:
        raise Complaint(what)


def only(value, allowed, needed, where):
    need(isinstance(value, dict), where + " is no object")
    need(set(value) <= set(allowed), "%s has %s" % (where, sorted(set(value) - set(allowed))))
    need(set(needed) <= set(value), "%s lacks %s" % (where, sorted(set(needed) - set(value))))


def one(value, where):
    need(isinstance(value, dict) and len(value) == 1, where + " has to have one member")
    return next(iter(value.items()))


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class Index:
    def __init__(self, mapping):
        only(mapping, ["mappings", "aliases"], ["mappings"], "index")
        only(mapping["mappings"], ["dynamic", "properties"], ["dynamic", "properties"], "mappings")
        need(mapping["mappings"]["dynamic"] == "strict", "dynamic")
        self.properties = mapping["mappings"]["properties"]
        for name, property_ in self.properties.items():
            only(property_, ["type", "fields"], ["type"], name)
            need(property_["type"] in ("keyword", "double", "long", "text"), name + " has a type that is not known")
            for sub, field in property_.get("fields", {}).items():
                only(field, ["type", "analyzer"], ["type", "analyzer"], name + "." + sub)
                need(field == {"type": "text", "analyzer": {"fr": "french", "en": "english"}[sub]}, name + "." + sub)
        self.documents, self.versions, self.searchable = {}, {}, {}

    def check(self, document):
        for name, value in document.items():
            if name not in self.properties:
                raise Refusal(400, "strict_dynamic_mapping_exception", "no field " + name)
            type_ = self.properties[name]["type"]
            for part in value if isinstance(value, list) else [value]:
                good = {"keyword": isinstance(part, str), "text": isinstance(part, str), "double": number(part),
                        "long": isinstance(part, int) and not isinstance(part, bool)}[type_]
                if not good:
                    raise Refusal(400, "document_parsing_exception", "failed to parse field " + name)
                if type_ == "keyword" and len(part.encode()) > 32766:
                    raise Refusal(400, "document_parsing_exception", "immense term in " + name)


def point(alias, name):
    if alias in indexes:
        raise Refusal(400, "invalid_alias_name_exception", "an index has the name " + alias)
    aliases[alias] = name


def settle(index):
    index.searchable = dict(index.documents)


def stem(word, language):
    endings = ["euses", "euse", "eurs", "eur", "ees", "ee", "es", "e", "s"] if language == "fr" else ["ing", "ers", "er", "s"]
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word[: -len(ending)]
    return word


def analyze(text, language):
    words = re.findall(r"\w+", text.lower())
    if language is None:
        return words
    return [stem(word, language) for word in words if word not in STOP[language]]


def fields_of(index, names, where):
    need(isinstance(names, list) and names, where + ".fields")
    found = []
    for name in names:
        match = re.fullmatch(r"([a-z_]+)(?:\.(fr|en))?(?:\^(\d+))?", name)
        need(match and index.properties.get(match[1], {}).get("type") == "text", "%s asks for %s" % (where, name))
        need(not match[2] or match[2] in index.properties[match[1]]["fields"], where + " asks for " + name)
        found.append((match[1], match[2], int(match[3] or 1)))
    return found


def distance(a, b):
    row = list(range(len(b) + 1))
    before = row
    for i, x in enumerate(a, 1):
        last, row, older = row, [i] + [0] * len(b), before
        for j, y in enumerate(b, 1):
            row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], older[j - 2] + 1)
        before = last
    return row[-1]


def multi_match(index, body, document):
    only(body, ["query", "type", "operator", "fields", "zero_terms_query", "fuzziness", "prefix_length"], ["query", "fields"], "multi_match")
    need(isinstance(body["query"], str), "multi_match.query")
    need(body.get("type", "best_fields") in ("best_fields", "phrase"), "multi_match.type")
    need(body.get("zero_terms_query", "none") in ("none", "all"), "multi_match.zero_terms_query")
    need(body.get("operator", "or") in ("and", "or"), "multi_match.operator")
    fuzzy = body.get("fuzziness")
    need(fuzzy in (None, "AUTO"), "multi_match.fuzziness")
    best, had_terms = None, False
    for name, language, weight in fields_of(index, body["fields"], "multi_match"):
        terms = analyze(body["query"], language)
        if not terms:
            continue
        had_terms = True
        words = analyze(document.get(name, ""), language)
        if body.get("type") == "phrase":
            hit = any(words[at: at + len(terms)] == terms for at in range(len(words)))
        elif fuzzy:
            edits = [0 if len(term) < 3 else 1 if len(term) < 6 else 2 for term in terms]
            prefix = body.get("prefix_length", 0)
            hit = any(word[:prefix] == term[:prefix] and distance(word, term) <= limit for term, limit in zip(terms, edits) for word in words)
        else:
            hit = (all if body.get("operator") == "and" else any)(term in words for term in terms)
        if hit:
            best = max(best or 0, weight)
    if not had_terms:
        return 1.0 if body.get("zero_terms_query") == "all" else None
    return None if best is None else float(best)


def score(index, query, document):
    """The score, or None where the query does not match."""
    kind, body = one(query, "query")
    if kind == "match_all":
        only(body, [], [], kind)
        return 1.0
    if kind == "match_none":
        only(body, [], [], kind)
        return None
    if kind == "multi_match":
        return multi_match(index, body, document)
    if kind == "term":
        name, value = one(body, kind)
        need(index.properties.get(name, {}).get("type") == "keyword" and isinstance(value, str), "term on " + name)
        held = document.get(name)
        return 1.0 if value in (held if isinstance(held, list) else [held]) else None
    if kind == "range":
        name, limits = one(body, kind)
        only(limits, ["gte", "lte"], [], kind)
        need(limits and all(number(limit) for limit in limits.values()), "range")
        need(index.properties.get(name, {}).get("type") == "double", "range on " + name)
        held = document.get(name)
        good = held is not None and limits.get("gte", held) <= held <= limits.get("lte", held)
        return 1.0 if good else None
    need(kind == "bool", "a query of kind " + kind)
    only(body, ["must", "filter", "must_not", "should", "minimum_should_match"], [], kind)
    clauses = {name: part if isinstance(part, list) else [part] for name, part in body.items() if name != "minimum_should_match"}
    total = 0.0
    scores = {name: [score(index, part, document) for part in parts] for name, parts in clauses.items()}
    if any(found is None for found in scores.get("must", []) + scores.get("filter", [])):
        return None
    if any(found is not None for found in scores.get("must_not", [])):
        return None
    should = [found for found in scores.get("should", []) if found is not None]
    if len(should) < body.get("minimum_should_match", 0 if "must" in body or "filter" in body else 1) and "should" in body:
        return None
    total += sum(scores.get("must", [])) + sum(should)
    return total


def aggregate(index, aggregations, documents):
    answer = {}
    for name, aggregation in aggregations.items():
        kind, body = one(aggregation, name)
        need(body.get("field") in index.properties, name + " counts a field that is not there")
        held = [document.get(body["field"]) for document in documents]
        flat = [part for value in held if value is not None for part in (value if isinstance(value, list) else [value])]
        if kind == "terms":
            only(body, ["field", "size"], ["field", "size"], name)
            counts = {value: flat.count(value) for value in set(flat)}
            ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[: body["size"]]
            answer[name] = {"buckets": [{"key": value, "doc_count": count} for value, count in ordered]}
        elif kind == "range":
            only(body, ["field", "ranges"], ["field", "ranges"], name)
            buckets = []
            for part in body["ranges"]:
                only(part, ["key", "from", "to"], ["key"], name)
                low, high = part.get("from", float("-inf")), part.get("to", float("inf"))
                buckets.append({"key": part["key"], "doc_count": sum(low <= value < high for value in flat)})
            answer[name] = {"buckets": buckets}
        else:
            need(kind == "stats", "an aggregation of kind " + kind)
            answer[name] = {"count": len(flat), "min": min(flat, default=None), "max": max(flat, default=None),
                            "avg": sum(flat) / len(flat) if flat else None}
    return answer


def search(index, body):
    only(body, ["size", "_source", "query", "sort", "track_scores", "track_total_hits", "search_after", "aggs"],
         ["size", "query", "sort", "track_total_hits"], "search")
    need(body["_source"] is False and 0 < body["size"] <= 10_000, "size")
    keys = []
    for part in body["sort"]:
        field, order = one(part, "sort")
        only(order, ["order"], ["order"], "sort")
        need(field == "_score" or index.properties.get(field, {}).get("type") in ("keyword", "double", "long"), "sort by " + field)
        keys.append((field, order["order"]))
    need(len(keys) == 2 and keys[0][1] == "desc" and keys[1] == ("profile_id", "asc"), "sort")
    hits = []
    for id_, document in index.searchable.items():
        found = score(index, body["query"], document)
        if found is not None:
            hits.append({"_id": id_, "_score": found, "sort": [found if field == "_score" else document[field] for field, _ in keys]})
    hits.sort(key=lambda hit: (-hit["sort"][0], hit["sort"][1]))
    total = len(hits)
    if "search_after" in body:
        key, last = body["search_after"]
        need(number(key) and isinstance(last, str), "search_after")
        hits = [hit for hit in hits if (-hit["sort"][0], hit["sort"][1]) > (-key, last)]
    answer = {"took": 1, "timed_out": False, "hits": {"hits": hits[: body["size"]]}}
    if body["track_total_hits"] is not False:
        limit = body["track_total_hits"]
        answer["hits"]["total"] = {"value": min(total, limit), "relation": "gte" if total > limit else "eq"}
    if "aggs" in body:
        matched = [index.searchable[id_] for id_ in index.searchable if score(index, body["query"], index.searchable[id_]) is not None]
        answer["aggregations"] = aggregate(index, body["aggs"], matched)
    return answer


def bulk(text, scripted):
    need(text.endswith(b"\n"), "_bulk does not end with a line break")
    lines = text[:-1].split(b"\n")
    items, errors = [], False
    while lines:
        kind, target = one(json.loads(lines.pop(0)), "action")
        need(kind in ("index", "delete"), "an action of kind " + kind)
        only(target, ["_index", "_id", "version", "version_type", "require_alias"], ["_index", "_id", "version", "version_type"], kind)
        need(kind == "index" or "require_alias" not in target, "require_alias is not heeded for " + kind)
        need(target["version_type"] == "external" and isinstance(target["version"], int) and target["version"] > 0, "version")
        need(isinstance(target["_id"], str) and 0 < len(target["_id"].encode()) <= 512, "_id")
        document = json.loads(lines.pop(0)) if kind == "index" else None
        id_ = target["_id"]
        if target["_index"] not in aliases and target.get("require_alias") is True:
            reason = "no such index [%s] and [require_alias] request flag is [true] and it is not an alias" % target["_index"]
            items.append({kind: {"_index": target["_index"], "_id": None, "status": 404,
                                 "error": {"type": "index_not_found_exception", "reason": reason}}})
            errors = True
            continue
        # The real one would make an index without a mapping, for removals with external versions too.
        need(target["_index"] in aliases or target["_index"] in indexes, "_bulk into %s, which is not there" % target["_index"])
        index = indexes[aliases.get(target["_index"], target["_index"])]
        item = {"_index": aliases.get(target["_index"], target["_index"]), "_id": id_}
        try:
            if id_ in scripted:
                raise Refusal(scripted[id_], "scripted_exception", "as told")
            if document is not None:
                index.check(document)
                need(document.get("profile_id") == id_, "profile_id")
            if index.versions.get(id_, 0) >= target["version"]:
                raise Refusal(409, "version_conflict_engine_exception", "a later version is there")
            index.versions[id_] = target["version"]
            was_there = id_ in index.documents
            if document is None:
                index.documents.pop(id_, None)
                item |= {"result": "deleted" if was_there else "not_found", "status": 200 if was_there else 404}
            else:
                index.documents[id_] = document
                item |= {"result": "updated" if was_there else "created", "status": 200 if was_there else 201}
        except Refusal as refusal:
            errors = True
            item |= {"error": refusal.body["error"], "status": refusal.status}
        items.append({kind: item})
    return {"took": 1, "errors": errors, "items": items}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_request(self):
        global bulks
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            with lock:
                script = json.load(open("answer")) if os.path.exists("answer") else {}
                if "status" in script:
                    raise Refusal(script["status"], "scripted_exception", "as told")
                status, answer = self.route(body, script.get("items", {}))
                write("documents", json.dumps({name: index.documents for name, index in indexes.items()}, sort_keys=True))
        except Refusal as refusal:
            status, answer = refusal.status, refusal.body
        except (Complaint, ValueError, KeyError, TypeError) as complaint:
            with lock, open("complaints", "a") as file:
                file.write("%s %s: %s %s\n" % (self.command, self.path, type(complaint).__name__, complaint))
            status, answer = 418, {"error": {"type": "complaint", "reason": str(complaint)}}
        self.answer(status, answer)

    do_GET = do_POST = do_PUT = do_DELETE = handle_request

    def route(self, body, scripted):
        global bulks
        need(self.headers["Accept"] == "application/json", "Accept")
        need(self.headers["Authorization"] in ("ApiKey secret", "Basic dXNlcjpwYXNz"), "Authorization")
        path, _, query = self.path.partition("?")
        options = urllib.parse.parse_qs(query, strict_parsing=True) if query else {}
        parts = path.strip("/").split("/")
        type_ = self.headers["Content-Type"]
        if self.command == "POST" and path == "/_bulk":
            need(type_ == "application/x-ndjson" and not options, "_bulk")
            bulks += 1
            write("bulks", str(bulks))
            return 200, bulk(body, scripted)
        need(type_ == ("application/json" if body else None), "Content-Type")
        if self.command == "GET" and path == "/":
            return 200, {"version": {"number": "8.0.0"}}
        if self.command == "GET" and parts[0] == "_alias" and len(parts) == 2:
            need(not body, "_alias with a body")
            if parts[1] not in aliases:
                return 404, {"error": "alias [%s] missing" % parts[1], "status": 404}
            return 200, {aliases[parts[1]]: {"aliases": {parts[1]: {}}}}
        need(re.fullmatch(r"[a-z0-9][a-z0-9_-]*", parts[0]), "an index called " + parts[0])
        if self.command == "PUT" and len(parts) == 1:
            if parts[0] in indexes:
                raise Refusal(400, "resource_already_exists_exception", parts[0] + " is there")
            made = json.loads(body)
            indexes[parts[0]] = Index(made)
            for alias, settings in made.get("aliases", {}).items():
                only(settings, [], [], "alias")
                point(alias, parts[0])
            return 200, {"acknowledged": True}
        if parts[0] not in indexes:
            raise Refusal(404, "index_not_found_exception", "no such index")
        index = indexes[parts[0]]
        if self.command == "DELETE" and len(parts) == 1:
            del indexes[parts[0]]
            for alias in [alias for alias, name in aliases.items() if name == parts[0]]:
                del aliases[alias]
            return 200, {"acknowledged": True}
        if self.command == "PUT" and parts[1:2] == ["_alias"] and len(parts) == 3:
            only(json.loads(body), [], [], "_alias")
            point(parts[2], parts[0])
            return 200, {"acknowledged": True}
        if self.command == "GET" and parts[1:] == ["_refresh"]:
            need(not body, "_refresh with a body")
            settle(index)
            return 200, {}
        # Searches see what was there at the last refresh; the real one refreshes every second.
        settle(index)
        if self.command == "GET" and parts[1:] == ["_count"]:
            return 200, {"count": len(index.searchable)}
        need(self.command == "POST" and parts[1:] == ["_search"], "a request that is not known")
        need(set(options) <= {"preference"}, "options")
        return 200, search(index, json.loads(body))


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
write("port", str(server.server_address[1]))
sys.stdin.read()
