package main

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type answer struct {
	Event any    `json:"event"`
	Id    string `json:"id"`
}

func handle(ctx context.Context, event any) (any, error) {
	if event == "fail" {
		return nil, errors.New("go says no")
	}
	lc, _ := lambdacontext.FromContext(ctx)
	if event == "stream" {
		return strings.NewReader("streamed by go"), nil
	}
	return answer{event, lc.AwsRequestID}, nil
}

func main() { lambda.Start(handle) }
