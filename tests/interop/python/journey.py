"""Register to query with grpcio. Reads an assignment (tests/interop/scenario.ts), prints what it saw, both JSON."""

import base64
import json
import sys
from urllib.parse import urlsplit

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from trellis.graph.v1 import catalog_pb2, catalog_pb2_grpc, graph_pb2, graph_pb2_grpc
from trellis.iam.v1 import api_key_pb2, api_key_pb2_grpc, auth_pb2, auth_pb2_grpc


def bearer(token, *more):
    return (("authorization", f"Bearer {token}"), *more)


def sign_up(channel, task):
    auth = auth_pb2_grpc.AuthServiceStub(channel)
    auth.Register(auth_pb2.RegisterRequest(email=task["email"], password=task["password"], name=task["name"]))
    session = auth.Login(auth_pb2.LoginRequest(email=task["email"], password=task["password"]))
    keys = api_key_pb2_grpc.ApiKeyServiceStub(channel)
    request = api_key_pb2.CreateApiKeyRequest(display_name="grpcio")
    return keys.CreateApiKey(request, metadata=bearer(session.access_token)).secret


def fill(graph, graph_id, key, task):
    graph.Execute(graph_pb2.ExecuteRequest(graph_id=graph_id, statement=task["schema"]), metadata=bearer(key))
    insert = graph_pb2.ExecuteRequest(graph_id=graph_id, statement=task["insert"])
    insert.parameters["id"].int64_value = int(task["city"]["id"])
    insert.parameters["name"].string_value = task["city"]["name"]
    insert.parameters["big"].int64_value = int(task["city"]["big"])
    graph.Execute(insert, metadata=bearer(key))
    return graph.ImportTable(upload(graph_id, task), metadata=bearer(key)).row_count


def upload(graph_id, task):
    first, *rest = (base64.b64decode(chunk) for chunk in task["csvBase64"])
    message = graph_pb2.ImportTableRequest(graph_id=graph_id, table=task["table"])
    message.body.content_type = "text/csv"
    message.body.data = first
    message.csv.header = True
    yield message
    for chunk in rest:
        message = graph_pb2.ImportTableRequest()
        message.body.data = chunk
        yield message


def stream(graph, graph_id, key, task):
    request = graph_pb2.StreamQueryRequest(graph_id=graph_id, statement=task["stream"])
    rows, total, done = 0, 0, None
    for message in graph.StreamQuery(request, metadata=bearer(key)):
        rows += len(message.rows)
        total += sum(row.values[0].int64_value for row in message.rows)
        if message.HasField("done"):
            done = message.done.row_count
    return {"rows": rows, "sum": str(total), "done": done}


def cancel(graph, graph_id, key, task):
    request = graph_pb2.StreamQueryRequest(graph_id=graph_id, statement=task["wideStream"])
    call = graph.StreamQuery(request, metadata=bearer(key, ("x-request-id", task["cancelId"])))
    for _ in range(task["messagesBeforeCancel"]):
        next(call)
    call.cancel()
    return call.code().value[0]


def refuse(graph, graph_id, key, task):
    try:
        graph.Query(graph_pb2.QueryRequest(graph_id=graph_id, statement=task["refused"]), metadata=bearer(key))
    except grpc.RpcError as error:
        status = rpc_status.from_call(error)
        info = error_details_pb2.ErrorInfo()
        next(detail for detail in status.details if detail.Is(info.DESCRIPTOR)).Unpack(info)
        construct = info.metadata["construct"]
        return {"code": status.code, "reason": info.reason, "domain": info.domain, "construct": construct}
    raise AssertionError("the statement was not refused")


def main():
    task = json.load(sys.stdin)
    with grpc.insecure_channel(urlsplit(task["url"]).netloc) as channel:
        key = sign_up(channel, task)
        catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
        create = catalog_pb2.CreateGraphRequest(display_name="grpcio")
        graph_id = catalog.CreateGraph(create, metadata=bearer(key)).graph.graph_id
        graph = graph_pb2_grpc.GraphServiceStub(channel)

        def query(**options):
            request = graph_pb2.QueryRequest(graph_id=graph_id, statement=task["query"])
            return graph.Query(request, metadata=bearer(key), **options)

        imported = fill(graph, graph_id, key, task)
        answer = query()
        result = {
            "keyPrefix": key[:9],
            "imported": imported,
            "columns": [column.name for column in answer.columns],
            "rows": [
                [str(row.values[0].int64_value), row.values[1].string_value, str(row.values[2].int64_value)]
                for row in answer.rows
            ],
            "stream": stream(graph, graph_id, key, task),
            "cancelled": {"code": cancel(graph, graph_id, key, task), "rowsAfter": query().row_count},
            "refused": refuse(graph, graph_id, key, task),
            "compressedRows": query(compression=grpc.Compression.Gzip).row_count,
        }
    json.dump(result, sys.stdout)


main()
