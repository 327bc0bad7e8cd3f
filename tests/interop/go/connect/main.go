// Register to query with connect-go. Arguments: connect, grpc or grpc-web; binary or json.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	graphv1 "trellis/interop/gen/trellis/graph/v1"
	"trellis/interop/gen/trellis/graph/v1/graphv1connect"
	iamv1 "trellis/interop/gen/trellis/iam/v1"
	"trellis/interop/gen/trellis/iam/v1/iamv1connect"
	"trellis/interop/scenario"
)

// client is a tenant with a graph.
type client struct {
	scenario.Assignment
	graph      graphv1connect.GraphServiceClient
	compressed graphv1connect.GraphServiceClient
	graphID    string
}

// authorized adds a credential to every request.
type authorized struct {
	credential string
	next       http.RoundTripper
}

func (a authorized) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("Authorization", "Bearer "+a.credential)
	return a.next.RoundTrip(request)
}

func main() {
	transport := &http.Transport{}
	var options []connect.ClientOption
	switch os.Args[1] {
	case "grpc":
		// gRPC needs HTTP/2, here without TLS; the other two go over HTTP/1.1, as behind many proxies.
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
		options = append(options, connect.WithGRPC())
	case "grpc-web":
		options = append(options, connect.WithGRPCWeb())
	}
	if os.Args[2] == "json" {
		options = append(options, connect.WithProtoJSON())
	}
	scenario.Main(func(task scenario.Assignment) (scenario.Outcome, error) { return run(task, transport, options) })
}

func run(task scenario.Assignment, transport http.RoundTripper, options []connect.ClientOption) (out scenario.Outcome, err error) {
	ctx := context.Background()
	key, err := signUp(ctx, task, transport, options)
	if err != nil {
		return out, fmt.Errorf("sign up: %w", err)
	}
	out.KeyPrefix = key[:9]
	web := &http.Client{Transport: authorized{key, transport}}
	catalog := graphv1connect.NewCatalogServiceClient(web, task.URL, options...)
	created, err := catalog.CreateGraph(ctx, &graphv1.CreateGraphRequest{DisplayName: "connect-go"})
	if err != nil {
		return out, fmt.Errorf("create graph: %w", err)
	}
	c := client{
		Assignment: task,
		graph:      graphv1connect.NewGraphServiceClient(web, task.URL, options...),
		compressed: graphv1connect.NewGraphServiceClient(web, task.URL, append(options, connect.WithSendGzip())...),
		graphID:    created.Graph.GraphId,
	}

	if err = c.insert(ctx); err != nil {
		return out, fmt.Errorf("insert: %w", err)
	}
	if out.Imported, err = c.upload(ctx); err != nil {
		return out, fmt.Errorf("import: %w", err)
	}
	if out.Columns, out.Rows, err = c.query(ctx); err != nil {
		return out, fmt.Errorf("query: %w", err)
	}
	if out.Stream, err = c.stream(ctx); err != nil {
		return out, fmt.Errorf("stream: %w", err)
	}
	if out.Cancelled.Code, err = c.cancel(ctx); err != nil {
		return out, fmt.Errorf("cancel: %w", err)
	}
	if out.Cancelled.RowsAfter, err = c.count(ctx, c.graph); err != nil {
		return out, fmt.Errorf("query after cancel: %w", err)
	}
	if out.Refused, err = c.refuse(ctx); err != nil {
		return out, fmt.Errorf("refuse: %w", err)
	}
	if out.CompressedRows, err = c.count(ctx, c.compressed); err != nil {
		return out, fmt.Errorf("compressed query: %w", err)
	}
	return out, nil
}

func signUp(ctx context.Context, task scenario.Assignment, transport http.RoundTripper, options []connect.ClientOption) (string, error) {
	auth := iamv1connect.NewAuthServiceClient(&http.Client{Transport: transport}, task.URL, options...)
	_, err := auth.Register(ctx, &iamv1.RegisterRequest{Email: task.Email, Password: task.Password, Name: task.Name})
	if err != nil {
		return "", err
	}
	session, err := auth.Login(ctx, &iamv1.LoginRequest{Email: task.Email, Password: task.Password})
	if err != nil {
		return "", err
	}
	web := &http.Client{Transport: authorized{session.AccessToken, transport}}
	keys := iamv1connect.NewApiKeyServiceClient(web, task.URL, options...)
	key, err := keys.CreateApiKey(ctx, &iamv1.CreateApiKeyRequest{DisplayName: "connect-go"})
	return key.GetSecret(), err
}

func (c client) insert(ctx context.Context) error {
	schema := &graphv1.ExecuteRequest{GraphId: c.graphID, Statement: c.Schema}
	if _, err := c.graph.Execute(ctx, schema); err != nil {
		return err
	}
	_, err := c.graph.Execute(ctx, &graphv1.ExecuteRequest{
		GraphId:   c.graphID,
		Statement: c.Insert,
		Parameters: map[string]*graphv1.Value{
			"id":   {Kind: &graphv1.Value_Int64Value{Int64Value: c.City.ID}},
			"name": {Kind: &graphv1.Value_StringValue{StringValue: c.City.Name}},
			"big":  {Kind: &graphv1.Value_Int64Value{Int64Value: c.City.Big}},
		},
	})
	return err
}

func (c client) upload(ctx context.Context) (uint32, error) {
	call, err := c.graph.ImportTable(ctx)
	if err != nil {
		return 0, err
	}
	for i, chunk := range c.CSV {
		message := &graphv1.ImportTableRequest{Body: &httpbody.HttpBody{Data: chunk}}
		if i == 0 {
			message.GraphId, message.Table = c.graphID, c.Table
			message.Body.ContentType = "text/csv"
			message.Csv = &graphv1.CsvOptions{Header: true}
		}
		if err := call.Send(message); err != nil {
			return 0, err
		}
	}
	answer, err := call.CloseAndReceive()
	return answer.GetRowCount(), err
}

func (c client) query(ctx context.Context) (columns []string, rows [][]string, err error) {
	answer, err := c.graph.Query(ctx, &graphv1.QueryRequest{GraphId: c.graphID, Statement: c.Query})
	for _, column := range answer.GetColumns() {
		columns = append(columns, column.Name)
	}
	for _, row := range answer.GetRows() {
		id, name, big := row.Values[0].GetInt64Value(), row.Values[1].GetStringValue(), row.Values[2].GetInt64Value()
		rows = append(rows, []string{scenario.Digits(id), name, scenario.Digits(big)})
	}
	return columns, rows, err
}

func (c client) count(ctx context.Context, graph graphv1connect.GraphServiceClient) (uint32, error) {
	answer, err := graph.Query(ctx, &graphv1.QueryRequest{GraphId: c.graphID, Statement: c.Query})
	return answer.GetRowCount(), err
}

func (c client) stream(ctx context.Context) (seen scenario.Stream, err error) {
	call, err := c.graph.StreamQuery(ctx, &graphv1.StreamQueryRequest{GraphId: c.graphID, Statement: c.Stream})
	if err != nil {
		return seen, err
	}
	defer call.Close()
	for call.Receive() {
		seen.Rows += len(call.Msg().Rows)
		for _, row := range call.Msg().Rows {
			seen.Sum += row.Values[0].GetInt64Value()
		}
		seen.Done = call.Msg().GetDone().GetRowCount()
	}
	return seen, call.Err()
}

func (c client) cancel(ctx context.Context) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx, info := connect.NewClientContext(ctx)
	info.RequestHeader().Set("X-Request-Id", c.CancelID)
	call, err := c.graph.StreamQuery(ctx, &graphv1.StreamQueryRequest{GraphId: c.graphID, Statement: c.WideStream})
	if err != nil {
		return 0, err
	}
	defer call.Close()
	for range c.MessagesBeforeCancel {
		if !call.Receive() {
			return 0, call.Err()
		}
	}
	cancel()
	for call.Receive() {
	}
	return int(connect.CodeOf(call.Err())), nil
}

func (c client) refuse(ctx context.Context) (seen scenario.Refused, err error) {
	_, err = c.graph.Query(ctx, &graphv1.QueryRequest{GraphId: c.graphID, Statement: c.Refused})
	var answer *connect.Error
	if !errors.As(err, &answer) {
		return seen, fmt.Errorf("no Connect error: %v", err)
	}
	for _, detail := range answer.Details() {
		message, err := detail.Value()
		if err != nil {
			return seen, err
		}
		if info, ok := message.(*errdetails.ErrorInfo); ok {
			return scenario.Refused{
				Code:      int(answer.Code()),
				Reason:    info.Reason,
				Domain:    info.Domain,
				Construct: info.Metadata["construct"],
			}, nil
		}
	}
	return seen, fmt.Errorf("no ErrorInfo: %w", err)
}
