import torch.optim as optim

def fit(net, trainloader, criterion, n_epochs):
    optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, 'min')
    for epoch in range(n_epochs):
        running_loss = 0.0
        for i, (x, y) in enumerate(trainloader):
            optimizer.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            optimizer.step()
            batch_loss = loss.item()
            running_loss += batch_loss
            scheduler.step(batch_loss)  # LR904
