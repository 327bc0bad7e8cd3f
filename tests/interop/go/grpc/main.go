// Register to query with grpc-go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	graphv1 "trellis/interop/gen/trellis/graph/v1"
	iamv1 "trellis/interop/gen/trellis/iam/v1"
	"trellis/interop/scenario"
)

// client is a tenant with a graph.
type client struct {
	scenario.Assignment
	graph   graphv1.GraphServiceClient
	graphID string
}

func main() { scenario.Main(run) }

func run(task scenario.Assignment) (out scenario.Outcome, err error) {
	target := strings.TrimPrefix(task.URL, "http://")
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return out, err
	}
	defer conn.Close()

	key, err := signUp(conn, task)
	if err != nil {
		return out, fmt.Errorf("sign up: %w", err)
	}
	out.KeyPrefix = key[:9]
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+key)
	catalog := graphv1.NewCatalogServiceClient(conn)
	created, err := catalog.CreateGraph(ctx, &graphv1.CreateGraphRequest{DisplayName: "grpc-go"})
	if err != nil {
		return out, fmt.Errorf("create graph: %w", err)
	}
	c := client{task, graphv1.NewGraphServiceClient(conn), created.Graph.GraphId}

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
	if out.Cancelled.RowsAfter, err = c.count(ctx); err != nil {
		return out, fmt.Errorf("query after cancel: %w", err)
	}
	if out.Refused, err = c.refuse(ctx); err != nil {
		return out, fmt.Errorf("refuse: %w", err)
	}
	if out.CompressedRows, err = c.count(ctx, grpc.UseCompressor(gzip.Name)); err != nil {
		return out, fmt.Errorf("compressed query: %w", err)
	}
	return out, nil
}

func signUp(conn grpc.ClientConnInterface, task scenario.Assignment) (string, error) {
	ctx := context.Background()
	auth := iamv1.NewAuthServiceClient(conn)
	_, err := auth.Register(ctx, &iamv1.RegisterRequest{Email: task.Email, Password: task.Password, Name: task.Name})
	if err != nil {
		return "", err
	}
	session, err := auth.Login(ctx, &iamv1.LoginRequest{Email: task.Email, Password: task.Password})
	if err != nil {
		return "", err
	}
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+session.AccessToken)
	key, err := iamv1.NewApiKeyServiceClient(conn).CreateApiKey(ctx, &iamv1.CreateApiKeyRequest{DisplayName: "grpc-go"})
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
	answer, err := call.CloseAndRecv()
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

func (c client) count(ctx context.Context, options ...grpc.CallOption) (uint32, error) {
	answer, err := c.graph.Query(ctx, &graphv1.QueryRequest{GraphId: c.graphID, Statement: c.Query}, options...)
	return answer.GetRowCount(), err
}

func (c client) stream(ctx context.Context) (seen scenario.Stream, err error) {
	call, err := c.graph.StreamQuery(ctx, &graphv1.StreamQueryRequest{GraphId: c.graphID, Statement: c.Stream})
	if err != nil {
		return seen, err
	}
	for {
		message, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return seen, nil
		}
		if err != nil {
			return seen, err
		}
		seen.Rows += len(message.Rows)
		for _, row := range message.Rows {
			seen.Sum += row.Values[0].GetInt64Value()
		}
		seen.Done = message.GetDone().GetRowCount()
	}
}

func (c client) cancel(ctx context.Context) (int, error) {
	ctx, cancel := context.WithCancel(metadata.AppendToOutgoingContext(ctx, "x-request-id", c.CancelID))
	defer cancel()
	call, err := c.graph.StreamQuery(ctx, &graphv1.StreamQueryRequest{GraphId: c.graphID, Statement: c.WideStream})
	if err != nil {
		return 0, err
	}
	for range c.MessagesBeforeCancel {
		if _, err := call.Recv(); err != nil {
			return 0, err
		}
	}
	cancel()
	for {
		if _, err := call.Recv(); err != nil {
			return int(status.Code(err)), nil
		}
	}
}

func (c client) refuse(ctx context.Context) (seen scenario.Refused, err error) {
	_, err = c.graph.Query(ctx, &graphv1.QueryRequest{GraphId: c.graphID, Statement: c.Refused})
	answer := status.Convert(err)
	for _, detail := range answer.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return scenario.Refused{
				Code:      int(answer.Code()),
				Reason:    info.Reason,
				Domain:    info.Domain,
				Construct: info.Metadata["construct"],
			}, nil
		}
	}
	return seen, fmt.Errorf("no ErrorInfo: %v", err)
}
