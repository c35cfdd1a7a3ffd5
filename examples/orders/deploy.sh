#!/bin/sh
# Deploys the shop with the AWS CLI (version 1 or 2), to Mayfly or to AWS: what differs is AWS_ENDPOINT_URL.
# Can be run again: what is there is updated. Says what it does on standard error; the URL of the API is all of standard output.
set -eu
cd "$(dirname "$0")"

AWS=${AWS:-aws}
NAME=${NAME:-orders}
TABLE=${TABLE:-Orders}
RUNTIME=${RUNTIME:-python3.11}
export AWS_REGION="${AWS_REGION:-us-east-1}" AWS_DEFAULT_REGION="${AWS_REGION:-us-east-1}" AWS_PAGER=""
if [ -n "${AWS_ENDPOINT_URL:-}" ]; then
  export AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-test}" AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-test}"
fi

# An AWS CLI of before mid-2023 does not know the variable AWS_ENDPOINT_URL, but every one knows the option.
aws() { command "$AWS" ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} --output text "$@"; }
say() { printf '  %-12s %s\n' "$1" "$2" >&2; }
exists() { aws "$@" >/dev/null 2>&1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! exists dynamodb describe-table --table-name "$TABLE"; then
  aws dynamodb create-table --table-name "$TABLE" --billing-mode PAY_PER_REQUEST \
    --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH >/dev/null
  aws dynamodb wait table-exists --table-name "$TABLE"
fi
say table "$TABLE"

if ! role=$(aws iam get-role --role-name "$NAME-role" --query Role.Arn 2>/dev/null); then
  role=$(aws iam create-role --role-name "$NAME-role" --query Role.Arn --assume-role-policy-document '{
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}')
  aws iam attach-role-policy --role-name "$NAME-role" \
    --policy-arn arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
  aws iam put-role-policy --role-name "$NAME-role" --policy-name table --policy-document '{
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem"],
                   "Resource": "arn:aws:dynamodb:*:*:table/'"$TABLE"'"}]}'
  # AWS takes a while until Lambda may assume a new role.
  [ -n "${AWS_ENDPOINT_URL:-}" ] || sleep 15
fi
say role "$role"

python3 -m zipfile -c "$work/code.zip" app.py catalogue.json
if exists lambda get-function --function-name "$NAME"; then
  aws lambda update-function-code --function-name "$NAME" --zip-file "fileb://$work/code.zip" >/dev/null
  aws lambda wait function-updated --function-name "$NAME"
else
  aws lambda create-function --function-name "$NAME" --runtime "$RUNTIME" --handler app.lambda_handler --role "$role" \
    --timeout 10 --memory-size 256 --environment "Variables={TABLE=$TABLE}" --zip-file "fileb://$work/code.zip" >/dev/null
  aws lambda wait function-active --function-name "$NAME"
fi
function=$(aws lambda get-function-configuration --function-name "$NAME" --query FunctionArn)
say function "$function"

api=$(aws apigatewayv2 get-apis --query "Items[?Name=='$NAME'].ApiId | [0]")
if [ -z "$api" ] || [ "$api" = None ]; then
  api=$(aws apigatewayv2 create-api --name "$NAME" --protocol-type HTTP --query ApiId)
  integration=$(aws apigatewayv2 create-integration --api-id "$api" --integration-type AWS_PROXY \
    --integration-uri "$function" --payload-format-version 2.0 --query IntegrationId)
  for route in "POST /orders" "GET /orders/{id}"; do
    aws apigatewayv2 create-route --api-id "$api" --route-key "$route" --target "integrations/$integration" >/dev/null
  done
  aws apigatewayv2 create-stage --api-id "$api" --stage-name '$default' --auto-deploy >/dev/null
  account=$(echo "$function" | cut -d: -f5)
  aws lambda add-permission --function-name "$NAME" --statement-id "api-$api" --action lambda:InvokeFunction \
    --principal apigateway.amazonaws.com \
    --source-arn "arn:aws:execute-api:$AWS_REGION:$account:$api/*" >/dev/null
fi
url=$(aws apigatewayv2 get-api --api-id "$api" --query ApiEndpoint)
say api "$url"
echo "$url"
